"""How well a sentence is turned into tool calls: data sets, matching, scores, reports, baselines."""
