from odibi_studio.views import parity

parity.render()
