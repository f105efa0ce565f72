"""The demonstration: made-up clients in real files, four campaigns, a simulated contact centre and all processes."""
