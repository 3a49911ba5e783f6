extension Sequence {
    /// The sum of sizes that others state, none below 0: no more than the largest number, whatever they state.
    package func saturatedSum(_ size: (Element) -> Int) -> Int {
        var sum = 0
        for element in self { sum = sum.saturated(adding: size(element)) }
        return sum
    }
}

extension Int {
    /// The sum of two sizes, none below 0, or the largest number where there is none so large.
    package func saturated(adding other: Int) -> Int {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max : sum
    }
}
