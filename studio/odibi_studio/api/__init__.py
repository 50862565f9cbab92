"""The HTTP interface between the designer in the browser and the services."""
