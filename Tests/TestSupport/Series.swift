import Glibc
package import Testing

extension Tag {
    /// Seeded mutations of inputs.
    @Tag package static var fuzz: Self
    /// Stops or kills the program at many moments.
    @Tag package static var kill: Self
    /// Compares with what the reference implementation wrote.
    @Tag package static var oracle: Self
}

extension Trait where Self == ConditionTrait {
    /// Leaves out a long series where only the fast tests are wanted.
    package static var series: Self {
        .enabled(if: unsafe getenv("KNAPSACK_FAST_TESTS") == nil, "a long series, left out of the fast tests")
    }

    /// Leaves out, by name, what needs the reference's files.
    package static var needsOracle: Self {
        .enabled(if: Oracle.folder != nil, "KNAPSACK_ORACLE names no folder of the reference's files")
    }
}

/// What the reference implementation wrote for models that are too many to be committed.
package enum Oracle {
    /// The folder that `KNAPSACK_ORACLE` names.
    package static let folder: String? = {
        guard let value = unsafe getenv("KNAPSACK_ORACLE") else { return nil }
        return unsafe String(cString: value)
    }()
}
