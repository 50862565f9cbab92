from odibi_studio.views import connections

connections.render()
