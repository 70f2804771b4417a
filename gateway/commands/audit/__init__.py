"""`sealgate ledger`, a verb a module: `commands.ledger` puts them together. What an auditor has without us (`verify`,
`vouched`, `watch`) stays outside."""
