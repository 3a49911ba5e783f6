import Formats
import Locking

extension ConversionOutcome {
    /// What became of it, for people.
    var sentence: String {
        let amount = "\(Counted.text(files, "file")), \(ByteCount.text(size))"
        return switch state {
        case .made: "\(entry): converted \(text), \(amount)"
        case .cached: "\(entry): \(text) was converted before, \(amount)"
        case .locked: "\(entry): \(text) is in the lock, \(amount)"
        }
    }

    /// The record of `--json`.
    var json: JSON {
        [
            "entry": .string(entry), "asked": .string(text), "key": .string(key),
            "state": .string(state.rawValue), "files": .integer(files), "size": .integer(size),
        ]
    }
}
