"""The corner shop: asks its feed, and translates what it says."""
