package import Formats
import Scanning
package import Tensors

/// Something in a chat template of a model that does not belong there.
package struct TemplateFinding: Equatable, Sendable {
    /// The path of the file that the template is in.
    package let file: String
    /// Which template of the file it is, where it has a name.
    package let template: String?
    /// The line of the template, from 1.
    package let line: Int
    /// What it is, to be read after "the template".
    package let message: String

    /// The most that a lock records of an entry.
    package static let most = 20

    /// The record in a lock.
    package var json: JSON {
        var members = [
            JSON.Member("file", .string(file)), JSON.Member("line", .integer(line)),
            JSON.Member("message", .string(message)),
        ]
        if let template { members.append(JSON.Member("template", .string(template))) }
        return .object(members)
    }

    /// States what is wrong in a line, from 1, of a template; the file's only one has no name.
    package init(file: String, template: String?, line: Int, message: String) {
        self.file = file
        self.template = template
        self.line = line
        self.message = message
    }

    /// Reads the record of a lock; `nil` if it is not one.
    package init?(_ json: JSON) {
        guard let file = json["file"]?.string, let line = json["line"]?.integer,
            let message = json["message"]?.string
        else { return nil }
        self.init(file: file, template: json["template"]?.string, line: line, message: message)
    }

    /// What is wrong with one template.
    package static func all(in text: [UInt8], file: String, template: String? = nil) -> [TemplateFinding] {
        TemplateReview.findings(of: text).map {
            TemplateFinding(file: file, template: template, line: $0.line, message: $0.message)
        }
    }

    /// What is wrong with the templates of a JSON file: a text, a list of `{"name", "template"}`, or texts by name.
    package static func all(in json: JSON, file: String) -> [TemplateFinding] {
        (json.members ?? []).filter { $0.key.contains("chat_template") }.flatMap { member in
            templates(member.value, member.key).flatMap {
                all(in: Array($0.text.utf8), file: file, template: $0.name)
            }
        }
    }

    private static func templates(_ json: JSON, _ key: String) -> [(name: String?, text: String)] {
        if let text = json.string { return [(key == "chat_template" ? nil : key, text)] }
        let named = (json.array ?? []).flatMap { element -> [(name: String?, text: String)] in
            let name = element["name"]?.string
            // Where a list is not of that form, whatever is in it may be the template.
            return texts(in: element["template"] ?? element).map { (name, $0) }
        }
        return named
            + (json.members ?? []).flatMap { member in texts(in: member.value).map { (member.key, $0) } }
    }

    private static func texts(in json: JSON) -> [String] {
        if let text = json.string { return [text] }
        return (json.members?.map(\.value) ?? json.array ?? []).flatMap(texts)
    }

    /// What is wrong with the templates in a GGUF file's metadata: `tokenizer.chat_template`, and with a name behind
    /// it.
    package static func all(in header: GGUFHeader, file: String) -> [TemplateFinding] {
        header.items.flatMap { item -> [TemplateFinding] in
            let key = "tokenizer.chat_template"
            guard item.key.hasPrefix(key), case .string(let text) = item.value else { return [] }
            return all(in: Array(text.utf8), file: file, template: item.key == key ? nil : item.key)
        }
    }
}
