from odibi_studio.views import quality

quality.render()
