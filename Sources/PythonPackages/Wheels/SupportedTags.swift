/// The tags that an environment takes, each with its place: 0 is the best.
package struct SupportedTags: Sendable {
    /// The tags, best first.
    package let tags: [WheelTag]
    private let ranks: [WheelTag: Int]

    /// The tags of CPython with its lock on an environment's platform, in the order of PyPA's `packaging` 26:
    /// its own binary interface, the stable one of it and of older ones down to 3.2, then pure Python.
    package init(_ environment: PythonEnvironment) {
        let minor = Int(environment.minor)
        let platforms = environment.platform.tags
        var tags: [WheelTag] = []
        func add(_ interpreter: String, _ abi: String) {
            for platform in platforms {
                tags.append(WheelTag(interpreter: interpreter, abi: abi, platform: platform))
            }
        }
        let own = "cp3\(minor)"
        add(own, minor < 8 ? own + "m" : own)
        if minor >= 2 { add(own, "abi3") }
        add(own, "none")
        for older in stride(from: minor - 1, through: 2, by: -1) { add("cp3\(older)", "abi3") }
        let pure = ["py3\(minor)", "py3"] + stride(from: minor - 1, through: 0, by: -1).map { "py3\($0)" }
        for python in pure { add(python, "none") }
        for python in [own] + pure {
            tags.append(WheelTag(interpreter: python, abi: "none", platform: "any"))
        }
        self.tags = tags
        ranks = Dictionary(zip(tags, tags.indices)) { first, _ in first }
    }

    /// The place of the best of a wheel's tags; `nil` where none is taken.
    package func rank(_ tags: some Sequence<WheelTag>) -> Int? {
        tags.lazy.compactMap { ranks[$0] }.min()
    }
}
