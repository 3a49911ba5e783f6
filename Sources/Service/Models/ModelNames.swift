import Catalogue

/// Names in the paths of the registry.
enum ModelNames {
    /// Words that stand in paths where a user's name does.
    private static let reserved = ["search", "upload"]

    /// Why a text is no name, as a clause after it; `nil` where it is one.
    static func problem(_ name: String) -> String? {
        reserved.contains(name) ? "is a word of the interface" : ModelVersion.problem(inName: name)
    }
}
