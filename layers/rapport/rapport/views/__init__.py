"""Views across contexts: what an API function shows is composed here, from several stores."""
