package import Manifests
import Storage

/// What became of one conversion in a run.
package struct ConversionOutcome: Equatable, Sendable {
    /// Where the files come from.
    package enum State: String, Sendable {
        /// They were made now.
        case made
        /// They were made before, and every byte of them was compared.
        case cached
        /// The lock states what they are, and nothing asked for more.
        case locked
    }

    /// The name of the entry that is made.
    package let entry: String
    /// What was asked for: "qwen as f16".
    package let text: String
    /// The name under which the files are kept.
    package let key: String
    /// The number of files that the conversion makes.
    package let files: Int
    /// Their size in bytes.
    package let size: Int
    /// Where they come from.
    package let state: State

    /// Notes what became of an entry that is made from another.
    package init(
        _ entry: LockedEntry, _ request: ConversionRequest, _ conversion: LockedConversion, _ state: State
    ) {
        let made = entry.files.filter { $0.proof == .conversion }
        self.entry = entry.name
        text = request.text
        key = conversion.key?.hex ?? ""
        files = made.count
        size = made.reduce(0) { $0 &+ $1.size }
        self.state = state
    }
}
