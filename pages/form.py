from odibi_studio.views import form

form.render()
