"""What every page of the web interface stands in: headers, languages, formats, assets, errors."""
