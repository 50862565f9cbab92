from odibi_studio.views import designer

designer.render()
