"""The Flask-free services that RQ workers run on schedules."""
