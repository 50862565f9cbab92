from odibi_studio.views import gallery

gallery.render()
