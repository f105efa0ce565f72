"""The web application for a WSGI server of your own: `gunicorn wsgi:app`, mod_wsgi, uWSGI. `acm web` needs no other."""

from app.frame import warm
from app.log import setup_logging
from app.web import create_app

setup_logging("acm web")
app = create_app()
warm.start(app)
