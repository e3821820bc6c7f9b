"""The rules as the log has them: notices and editions loaded, campaigns over open dossiers."""
