"""Documents (文书): pure functions from what is on record to what officials sign and file."""
