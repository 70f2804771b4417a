"""`sealgate rules`, a verb a module: `commands.rules` puts them together, with check, test and explain."""
