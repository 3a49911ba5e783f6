/// Names for entries and bundles, made from other names.
package enum EntryName {
    /// Lowercase letters, digits and single hyphens, 3 to 50 characters: what an entry and a data set of Kaggle may be called.
    /// - Parameter text: any text, such as the name of a repository.
    package static func suggested(for text: String) -> String {
        var result = ""
        for character in text.lowercased().unicodeScalars {
            switch character {
            case "a"..."z", "0"..."9": result.unicodeScalars.append(character)
            default: if !result.isEmpty, result.last != "-" { result += "-" }
            }
        }
        result = String(result.prefix(50))
        while result.last == "-" { result.removeLast() }
        return result.count < 3 ? (result + "-models").drop { $0 == "-" }.description : result
    }

    /// The same for what a source names.
    package static func suggested(for source: Source) -> String {
        switch source {
        case .hub(let repository, _): suggested(for: last(repository.id))
        case .kaggle(let handle): suggested(for: handle.parts.last ?? "")
        case .registry(let artifact): suggested(for: artifact.entry ?? last(artifact.reference.repository))
        case .path(let directory): suggested(for: last(directory))
        }
    }

    /// A name that is long enough for a data set of Kaggle's.
    package static func ofBundle(for text: String) -> String {
        let name = suggested(for: text)
        let isEnough = TextRule.datasetSlugLength.contains(name.utf8.count)
        return isEnough ? name : name == "models" ? "my-models" : "\(name)-models"
    }

    /// The last part of a path or an id.
    private static func last(_ path: String) -> String {
        path.split(separator: "/").last { $0 != "." && $0 != ".." }.map(String.init) ?? ""
    }
}
