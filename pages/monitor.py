from odibi_studio.views import monitor

monitor.render()
