"""The assets of the street, in its order: dumps, warehouse, scores, lists, publish. Bodies of a few lines; the work is elsewhere."""
