from odibi_studio.views import lineage

lineage.render()
