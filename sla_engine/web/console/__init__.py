"""What officials look at: one module for each screen."""
