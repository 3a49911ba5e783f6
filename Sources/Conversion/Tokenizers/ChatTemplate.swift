import Formats
import Tensors

/// The templates of a conversation, in the language of Jinja.
struct ChatTemplate {
    /// The template that is taken where none is asked for.
    var main: String?
    /// Others, by name.
    var named: [(name: String, text: String)] = []

    /// One template.
    init(_ text: String) { main = text }

    /// Finds what a model has: `chat_template` in `tokenizer_config.json`, a text or a list; else
    /// `chat_template.jinja`, with those in `additional_chat_templates`; else `chat_template.json`.
    ///
    /// The directory's files are taken in the order of their names' bytes, where the reference takes them in the
    /// order in which the directory has them.
    /// - Returns: `nil` if there is none.
    init?(_ settings: [ExactName: JSON], _ files: ModelDocuments) throws(ConversionError) {
        let value: JSON?
        if let setting = settings["chat_template"] {
            value = setting
        } else if let text = files.text("chat_template.jinja") {
            main = Self.universalNewlines(text)
            for path in files.paths where path.hasPrefix(Self.directory) && path.hasSuffix(".jinja") {
                let name = path.utf8.dropFirst(Self.directory.utf8.count).dropLast(".jinja".utf8.count)
                guard !name.contains(UInt8(ascii: "/")) else { continue }
                add(String(name) ?? "", Self.universalNewlines(files.text(path) ?? ""))
            }
            return
        } else {
            value = try TokenizerDocuments.object("chat_template.json", files)?["chat_template"]
        }
        switch value {
        case .string(let text): main = text
        case .array(let choices):
            for choice in choices {
                guard let text = choice["template"]?.string else { continue }
                add(choice["name"]?.string ?? "", text)
            }
        default: return nil
        }
    }

    private static let directory = "additional_chat_templates/"

    private mutating func add(_ name: String, _ text: String) {
        let name = String(
            decoding: name.unicodeScalars.map { scalar -> UInt8 in
                switch scalar {
                case "a"..."z", "A"..."Z", "0"..."9": UInt8(truncatingIfNeeded: scalar.value)
                default: UInt8(ascii: "_")
                }
            }, as: UTF8.self)
        if name.isEmpty { return }
        if name == "default" {
            main = text
        } else {
            named.append((name, text))
        }
    }

    /// As Python reads a text file: every end of a line is a line feed.
    private static func universalNewlines(_ text: String) -> String {
        text.replacingUTF8("\r\n", with: "\n").replacingUTF8("\r", with: "\n")
    }

    /// Adds the templates. The names of those that have one are sorted by their bytes, where the reference leaves
    /// their order to chance.
    func add(to metadata: inout ModelMetadata) {
        for (name, text) in named { metadata["tokenizer.chat_template.\(name)"] = .string(text) }
        let names = Set(exactly: named.map(\.name)).sortedTexts
        if !names.isEmpty { metadata["tokenizer.chat_templates"] = .strings(names) }
        if let main { metadata["tokenizer.chat_template"] = .string(main) }
    }
}
