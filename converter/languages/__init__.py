"""The targets' query languages: each reads text into its own tree and evaluates it by its engine's rules."""
