from odibi_studio.views import alerts

alerts.render()
