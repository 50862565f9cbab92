from odibi_studio.views import schedules

schedules.render()
