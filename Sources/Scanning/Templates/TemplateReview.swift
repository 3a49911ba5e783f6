import Formats

/// Whether a chat template does nothing but put messages into words.
///
/// A template is a program of whoever made the model. It is read here as Jinja reads it, and never run. What the
/// templates of real models do is allowed, all else is a finding: attributes of Python's inside, however their
/// names are put together, functions, filters and statements that a chat template has no use for, and what cannot
/// be read.
package struct TemplateReview {
    /// Something that does not belong into a chat template.
    package struct Finding: Equatable, Sendable {
        /// What it is, to be read after "the template".
        package let message: String
        /// The line of the template, from 1.
        package let line: Int
    }

    /// Templates of more bytes are not read, which is a finding; real ones have up to some 50 kB.
    package static let sizeLimit = 1 << 20

    /// What is wrong with a template, in its order, each sentence once; empty where nothing is.
    package static func findings(of template: [UInt8]) -> [Finding] {
        guard template.count <= sizeLimit else {
            return [Finding(message: "is longer than 1 MiB, and was not read", line: 1)]
        }
        do throws(JinjaProblem) {
            let tags = try JinjaTemplate.tags(of: template)
            var review = TemplateReview(TemplateValues(tags))
            review.look(at: tags)
            return review.findings
        } catch {
            return [Finding(message: error.message, line: error.line)]
        }
    }

    private static let mostFindings = 20

    private let values: TemplateValues
    private var findings: [Finding] = []

    private init(_ values: TemplateValues) { self.values = values }

    private mutating func report(_ message: String, at line: Int) {
        guard findings.count < TemplateReview.mostFindings,
            !findings.contains(where: { $0.message == message })
        else { return }
        findings.append(Finding(message: message, line: line))
    }

    private mutating func look(at tags: [JinjaTag]) {
        for tag in tags {
            switch tag {
            case .output(let node): look(at: node)
            case .loop(let targets, let values, let condition):
                look(at: targets)
                look(at: values)
                if let condition { look(at: condition) }
            case .assignment(let targets, let value):
                look(at: targets)
                look(at: value)
            case .block(let target, let filter):
                look(at: [target])
                if let filter { look(at: filter) }
            case .macro(_, let parameters):
                for preset in parameters.compactMap(\.preset) { look(at: preset) }
            }
        }
    }

    private mutating func look(at targets: [JinjaTarget]) {
        for target in targets {
            if let attribute = target.attribute { check(attribute: attribute, at: target.line) }
            if target.name.utf8.starts(with: "__".utf8) { check(attribute: target.name, at: target.line) }
        }
    }

    private mutating func look(at node: JinjaNode) {
        switch node.content {
        case .name(let name): check(value: name, at: node.line)
        case .attribute(let receiver, let name):
            check(attribute: name, at: node.line)
            if case .name("loop") = receiver.content {
                if !TemplateWords.loopAttributes.contains(name) {
                    report("uses loop.\(name), which loops do not have", at: node.line)
                }
                return
            }
        case .item(_, let index): check(index: index)
        case .call(let callee, let arguments): return call(callee, arguments, at: node.line)
        case .filter(_, let name, let arguments): filter(name, arguments, at: node.line)
        case .test(let operand, let name, _):
            if !TemplateWords.tests.contains(name) {
                report("uses the unknown test \"\(name)\"", at: node.line)
            }
            // Whether something is there may be asked of everything.
            if ["defined", "undefined"].contains(name), case .name = operand.content { return }
        default: break
        }
        for child in node.children { look(at: child) }
    }

    // MARK: Names

    private mutating func check(attribute name: String, at line: Int) {
        guard !TemplateWords.isPlain(attribute: name) else { return }
        report("reaches for the attribute \"\(name)\"", at: line)
    }

    private mutating func check(value name: String, at line: Int) {
        if name.utf8.starts(with: "__".utf8) { return check(attribute: name, at: line) }
        let isOwn = values.isAssigned(name) && !values.macros.contains(name)
        guard !isOwn, TemplateWords.objects.contains(name) || values.macros.contains(name) else { return }
        report("uses \"\(name)\" as a value", at: line)
    }

    private mutating func check(index: JinjaNode) {
        if case .text(let text) = index.content { return check(attribute: text, at: index.line) }
        if values.kind(of: index) == .built {
            report("looks something up by a name that it puts together", at: index.line)
        }
    }

    // MARK: Calls

    private mutating func call(_ callee: JinjaNode, _ arguments: [JinjaArgument], at line: Int) {
        for argument in arguments { look(at: argument.value) }
        switch callee.content {
        case .name(let name):
            let isKnown = TemplateWords.functions.contains(name) || values.macros.contains(name)
            if !isKnown || (values.isAssigned(name) && !values.macros.contains(name)) {
                report("calls \"\(name)\", which is no function of chat templates", at: line)
            }
        case .attribute(let receiver, let name):
            if case .name("loop") = receiver.content, ["cycle", "changed"].contains(name) { return }
            look(at: receiver)
            check(attribute: name, at: line)
            if name == "format" {
                format(receiver, at: line)
            } else if !TemplateWords.methods.contains(name) {
                report("calls the method \"\(name)\"", at: line)
            }
        default:
            look(at: callee)
            report("calls what is no function of chat templates", at: line)
        }
    }

    /// A format's fields can reach for attributes: `"{0.__class__}".format(x)`.
    private mutating func format(_ receiver: JinjaNode, at line: Int) {
        guard let texts = values.texts(of: receiver), !texts.isEmpty else {
            return report("formats with a text that is not written out", at: line)
        }
        for text in texts where TemplateReview.hasLookup(text) {
            report("formats with a field that looks something up", at: line)
        }
    }

    /// Whether a field of a format has an attribute, an index or a field of its own in it.
    private static func hasLookup(_ format: String) -> Bool {
        var depth = 0
        for byte in format.utf8 {
            switch byte {
            case UInt8(ascii: "{"): depth += 1
            case UInt8(ascii: "}"): depth = max(0, depth - 1)
            case UInt8(ascii: "."), UInt8(ascii: "["), UInt8(ascii: "_"):
                if depth > 0 { return true }
            default: break
            }
        }
        return false
    }

    private mutating func filter(_ name: String, _ arguments: [JinjaArgument], at line: Int) {
        guard TemplateWords.filters.contains(name) else {
            return report("uses the filter \"\(name)\"", at: line)
        }
        guard TemplateWords.attributeFilters.contains(name) else { return }
        if arguments.contains(where: \.isSpread) {
            report("hands \"\(name)\" what it does not write out", at: line)
        }
        if name == "map", let first = arguments.first, first.name == nil {
            guard case .text(let inner) = first.value.content else {
                return report("applies a filter whose name it does not write out", at: line)
            }
            return filter(inner, Array(arguments.dropFirst()), at: line)
        }
        var looked = arguments.filter { $0.name == "attribute" }
        if TemplateWords.positionalAttribute.contains(name), let first = arguments.first, first.name == nil {
            looked.append(first)
        }
        // The others take it as a later argument, where nobody writes it without its name.
        let rest =
            TemplateWords.positionalAttribute.contains(name)
            ? [] : arguments.filter { $0.name == nil }.dropFirst()
        if ["join", "max", "min", "sort", "unique"].contains(name) { looked += rest }
        for argument in looked {
            switch argument.value.content {
            case .number, .constant: break
            case .text(let text):
                for part in text.split(separator: ".") { check(attribute: String(part), at: line) }
            default: report("looks something up by a name that it does not write out", at: line)
            }
        }
    }
}
