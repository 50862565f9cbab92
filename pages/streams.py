from odibi_studio.views import streams

streams.render()
