"""Documents in the formats of others, as applications and federations of ours. Pure: text in, values out."""
