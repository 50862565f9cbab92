from odibi_studio.views import run

run.render()
