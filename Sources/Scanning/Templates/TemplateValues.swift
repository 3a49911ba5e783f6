import Formats

/// What the values of a template's variables can be, whatever the order in which it runs.
struct TemplateValues {
    /// What a value can be, as far as it decides what can be looked up by it.
    enum Kind: Int {
        /// A number or a truth value.
        case number
        /// Something of the messages, or a text that is written out and names no inside of Python's.
        case data
        /// A text that the template puts together.
        case built
    }

    private enum Binding {
        case value(JinjaNode)
        case built
        case data
    }

    /// The names of macros.
    private(set) var macros: Set<ExactName> = []
    private var bindings: [ExactName: [Binding]] = [:]
    private var known: [ExactName: Kind] = [:]

    /// Follows what a template gives to its names; all of its tags, in their order.
    init(_ tags: [JinjaTag]) {
        var calls: [ExactName: [[JinjaArgument]]] = [:]
        for case .macro(let name?, _) in tags { macros.insert(name) }
        for tag in tags {
            for node in TemplateValues.nodes(of: tag) { collect(node, &calls) }
        }
        for tag in tags { bind(tag, calls) }
        solve()
    }

    /// Whether the template gives a value to a name.
    func isAssigned(_ name: String) -> Bool { bindings[name] != nil }

    private static func nodes(of tag: JinjaTag) -> [JinjaNode] {
        switch tag {
        case .output(let node): [node]
        case .loop(_, let values, let condition): [values] + (condition.map { [$0] } ?? [])
        case .assignment(_, let value): [value]
        case .block(_, let filter): filter.map { [$0] } ?? []
        case .macro(_, let parameters): parameters.compactMap(\.preset)
        }
    }

    /// What macros are called with, and what namespaces start with.
    private mutating func collect(_ node: JinjaNode, _ calls: inout [ExactName: [[JinjaArgument]]]) {
        if case .call(let callee, let arguments) = node.content, case .name(let name) = callee.content {
            if macros.contains(name) { calls[name, default: []].append(arguments) }
            if name == "namespace" || name == "dict" {
                for argument in arguments {
                    if let attribute = argument.name {
                        bindings[".\(attribute)", default: []].append(.value(argument.value))
                    }
                }
            }
        }
        for child in node.children { collect(child, &calls) }
    }

    private mutating func bind(_ tag: JinjaTag, _ calls: [ExactName: [[JinjaArgument]]]) {
        switch tag {
        case .output: break
        case .loop(let targets, let values, _):
            for target in targets { bind(target, .value(values)) }
        case .assignment(let targets, let value):
            for target in targets { bind(target, .value(value)) }
        case .block(let target, _): bind(target, .built)
        case .macro(let name, let parameters):
            for (index, parameter) in parameters.enumerated() {
                var all = [parameter.preset.map(Binding.value) ?? .data]
                for arguments in name.flatMap({ calls[$0] }) ?? [] {
                    let positional = arguments.filter { $0.name == nil }
                    if arguments.contains(where: \.isSpread) { all.append(.built) }
                    if index < positional.count { all.append(.value(positional[index].value)) }
                    all += arguments.filter { $0.name?.hasSameBytes(as: parameter.name) == true }.map {
                        .value($0.value)
                    }
                }
                // Who calls the block of a `call`, and with what, is not followed.
                if name == nil { all.append(.built) }
                bindings[parameter.name, default: []] += all
            }
        }
    }

    private mutating func bind(_ target: JinjaTarget, _ binding: Binding) {
        // An attribute has its values in every namespace: which one a name stands for is not followed.
        let name = target.attribute.map { ".\($0)" } ?? target.name
        bindings[name, default: []].append(binding)
    }

    // MARK: Kinds

    /// What the value of an expression can be.
    func kind(of node: JinjaNode) -> Kind {
        switch node.content {
        case .number, .constant: .number
        case .text(let text): TemplateWords.isPlain(attribute: text) ? .data : .built
        case .name(let name): kind(named: name, or: .data)
        case .list(let nodes), .dictionary(let nodes): widest(nodes)
        case .attribute(let receiver, let name): attribute(name, of: receiver)
        case .item(let receiver, _): most(kind(of: receiver), .data)
        case .slice(let receiver, _): kind(of: receiver)
        case .call(let callee, let arguments): call(callee, arguments)
        case .filter(let value, let name, let arguments):
            filtered(name, (value.map { [$0] } ?? []) + arguments.map(\.value))
        case .test: .number
        case .operation(let sign, let operands): operation(sign, operands)
        case .choice(let value, _, let other): widest([value] + (other.map { [$0] } ?? []))
        }
    }

    private func most(_ one: Kind, _ other: Kind) -> Kind { one.rawValue > other.rawValue ? one : other }

    private func widest(_ nodes: [JinjaNode]) -> Kind {
        var result = Kind.number
        for node in nodes { result = most(result, kind(of: node)) }
        return result
    }

    private func kind(named name: String, or unbound: Kind) -> Kind { known[name] ?? unbound }

    /// Finds what the variables can be: all start as numbers, and become what they are given until nothing changes.
    private mutating func solve() {
        for name in bindings.keys { known[name] = .number }
        // Values go through few variables; what goes through more is not followed.
        for _ in 0..<40 {
            var next = known
            for (name, all) in bindings {
                var result = kind(named: name.text, or: .number)
                for binding in all {
                    switch binding {
                    case .built: result = .built
                    case .data: result = most(result, .data)
                    case .value(let node): result = most(result, kind(of: node))
                    }
                }
                next[name] = result
            }
            if next == known { return }
            known = next
        }
        for name in bindings.keys { known[name] = .built }
    }

    private func attribute(_ name: String, of receiver: JinjaNode) -> Kind {
        if case .name("loop") = receiver.content {
            return ["previtem", "nextitem"].contains(name) ? .data : .number
        }
        return most(kind(named: ".\(name)", or: .data), kind(of: receiver) == .built ? .built : .number)
    }

    private func call(_ callee: JinjaNode, _ arguments: [JinjaArgument]) -> Kind {
        switch callee.content {
        case .name("range"): return .number
        // A date has the letters of its format.
        case .name("strftime_now"): return widest(arguments.map(\.value))
        case .name("namespace"), .name("dict"): return widest(arguments.map(\.value))
        case .attribute(let receiver, let name): return filtered(name, [receiver] + arguments.map(\.value))
        default: return .built
        }
    }

    private func filtered(_ name: String, _ values: [JinjaNode]) -> Kind {
        if TemplateWords.counting.contains(name) { return .number }
        guard TemplateWords.selecting.contains(name), let first = values.first else { return .built }
        // Of a text that is written out, methods could make any other.
        if case .text = first.content { return .built }
        return widest(["default", "d", "get", "pop"].contains(name) ? values : [first])
    }

    private func operation(_ sign: String, _ operands: [JinjaNode]) -> Kind {
        switch sign {
        case "or", "and": return widest(operands)
        case "not", "==", "!=", "<", ">", "<=", ">=", "in", "-", "/", "//", "**", "sign": return .number
        case "+":
            // A number is only ever added to a number.
            for operand in operands where kind(of: operand) == .number { return .number }
            return .built
        case "*", "%":
            for operand in operands where kind(of: operand) == .built { return .built }
            if let last = operands.last, kind(of: last) == .number, !isText(operands.first) { return .number }
            return .built
        default: return .built
        }
    }

    private func isText(_ node: JinjaNode?) -> Bool {
        if case .text? = node?.content { true } else { false }
    }

    // MARK: Texts

    /// All texts that a value can be, where they are written out.
    func texts(of node: JinjaNode, depth: Int = 0) -> [String]? {
        guard depth < 8 else { return nil }
        switch node.content {
        case .text(let text): return [text]
        case .name(let name):
            var texts: [String] = []
            for binding in bindings[name] ?? [] {
                guard case .value(let value) = binding, let more = self.texts(of: value, depth: depth + 1)
                else { return nil }
                texts += more
            }
            return texts
        case .choice(let value, _, let other?):
            guard let one = texts(of: value, depth: depth + 1), let two = texts(of: other, depth: depth + 1)
            else {
                return nil
            }
            return one + two
        default: return nil
        }
    }
}
