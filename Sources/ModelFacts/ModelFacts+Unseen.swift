extension ModelFacts {
    /// The same without what is added up from all weights: for files of which not all could be looked into.
    package var withoutSums: ModelFacts {
        var facts = self
        facts.parameters = nil
        facts.weightBytes = []
        return facts
    }
}
