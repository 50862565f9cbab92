from odibi_studio.views import explore

explore.render()
