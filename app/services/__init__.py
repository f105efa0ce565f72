"""Services seen by people: cron lines as a form and in words, schedules, runs. What executes them is in jobs/."""
