package import Caches
import Formats
package import Manifests

extension ModelFacts {
    /// Adds what the rest of a snapshot states of the model: an entry that leaves the card out is under the card's licence
    /// all the same.
    ///
    /// Only statements are taken: the model card, and the licence in Kaggle's metadata. What the files are - formats,
    /// types, what loading needs - the packed ones alone tell.
    /// - Parameters:
    ///   - left: the files of the snapshot that the entry leaves out.
    ///   - entry: the entry's name, with which messages begin.
    /// - Returns: what is wrong with them.
    package mutating func addStatements(
        in left: [CachedFile], entry: String, _ contents: ModelFileReader
    ) -> [Diagnostic] {
        var problems: [Diagnostic] = []
        if card == nil, let readme = left.first(where: { $0.path == "README.md" }),
            let start = try? contents.bytes(0..<FrontMatter.sizeLimit + 4096, of: readme.modelFile)
        {
            do throws(ModelCard.Problem) {
                card = try ModelCard.parse(start)
            } catch {
                problems.append(error.diagnostic("\(entry): "))
            }
        }
        if kaggleLicense == nil {
            kaggleLicense = KaggleLicense.stated(in: left.map(\.modelFile), contents)
        }
        return problems
    }
}

extension ModelCard.Problem {
    /// What to tell of a card that cannot be read.
    func diagnostic(_ prefix: String) -> Diagnostic {
        Diagnostic(
            .warning, code: .cardBroken,
            "\(prefix)README.md\(line.map { ", line \($0)" } ?? ""): \(message)",
            notes: ["the licence and the base model are therefore not known"],
            fix: "state the licence in the entry, with license = \"…\"")
    }
}
