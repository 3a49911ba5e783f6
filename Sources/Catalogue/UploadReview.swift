import Formats
import Manifests
package import ModelFacts
import Scanning
import Storage

/// What is known of files that were uploaded, before they become a version: the same that `check` looks at.
package struct UploadReview: Sendable {
    /// Why they may not become one, in the order of the files.
    package private(set) var refusals: [String] = []
    /// What else is worth knowing.
    package private(set) var notes: [String] = []
    /// What the files state of the model.
    package let facts: ModelFacts

    /// Looks at files: at their structure, and at what loading pickles would do. Nothing is loaded.
    package init(_ files: [ModelFile]) {
        facts = ModelFacts.read(files)
        for problem in facts.problems {
            switch problem.code {
            case .safetensorsBroken, .ggufBroken, .torchBroken, .pytorchBroken, .npzBroken:
                refusals.append(problem.message)
            default: notes.append(problem.message)
            }
        }
        for file in files {
            guard let scan = try? PickleFact.scan(file.location, name: file.path.text) else { continue }
            switch scan.verdict {
            case .harmless: break
            case .refused:
                let names = scan.refused.prefix(3).joined(separator: ", ")
                refusals.append(
                    "\(file.path): loading it would do more than make data"
                        + (names.isEmpty ? "" : ": \(names)"))
            case .unreadable: notes.append("\(file.path): its pickles cannot be read")
            }
        }
    }
}
