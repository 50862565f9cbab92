from odibi_studio.views import runs

runs.render()
