/// An expression of a Jinja template.
struct JinjaNode {
    /// What an expression can be.
    indirect enum Content {
        /// A string, its escapes replaced.
        case text(String)
        /// An integer or a float.
        case number
        /// `true`, `false` or `none`.
        case constant
        /// A variable, a function or a namespace by its name.
        case name(String)
        /// A list or a tuple.
        case list([JinjaNode])
        /// Keys and values, one after the other.
        case dictionary([JinjaNode])
        /// `value.name`.
        case attribute(JinjaNode, String)
        /// `value[index]`.
        case item(JinjaNode, JinjaNode)
        /// What is cut, and the parts between the colons.
        case slice(JinjaNode, [JinjaNode])
        /// `callee(arguments)`.
        case call(JinjaNode, [JinjaArgument])
        /// What is filtered, nothing at the head of a filter block; the filter's name.
        case filter(JinjaNode?, String, [JinjaArgument])
        /// `value is name(arguments)`; `is not` is the operation `not` around it.
        case test(JinjaNode, String, [JinjaArgument])
        /// An operator of one or two operands: `not`, `+`, `~`, `==`, `in` and the like.
        case operation(String, [JinjaNode])
        /// `value if condition else other`.
        case choice(JinjaNode, condition: JinjaNode, other: JinjaNode?)
    }

    /// What the expression is, with its parts.
    let content: Content
    /// The line of the template, from 1.
    let line: Int
    /// How many nodes are below each other here.
    let depth: Int

    /// The nodes right below it.
    var children: [JinjaNode] {
        switch content {
        case .text, .number, .constant, .name: []
        case .list(let nodes), .dictionary(let nodes), .operation(_, let nodes): nodes
        case .attribute(let node, _): [node]
        case .item(let node, let index): [node, index]
        case .slice(let node, let parts): [node] + parts
        case .call(let node, let arguments): [node] + arguments.map(\.value)
        case .filter(let node, _, let arguments): (node.map { [$0] } ?? []) + arguments.map(\.value)
        case .test(let node, _, let arguments): [node] + arguments.map(\.value)
        case .choice(let value, let condition, let other):
            [value, condition] + (other.map { [$0] } ?? [])
        }
    }
}

/// What is handed to a call, a filter or a test.
struct JinjaArgument {
    /// The name before "=", `nil` if there is none.
    let name: String?
    /// The value; of `*values` and `**values` what is spread.
    let value: JinjaNode
    /// Whether it is spread.
    let isSpread: Bool
}

/// One tag of a template with what stands in it. Text between tags, comments and raw blocks do nothing.
enum JinjaTag {
    /// `{{ … }}`, and the values of `if`, `elif` and of calls.
    case output(JinjaNode)
    /// `for targets in values if condition`.
    case loop(targets: [JinjaTarget], values: JinjaNode, condition: JinjaNode?)
    /// `set targets = value`, or one of `with`.
    case assignment(targets: [JinjaTarget], value: JinjaNode)
    /// `set target` with its value up to `endset`, and the filters that it goes through.
    case block(target: JinjaTarget, filter: JinjaNode?)
    /// `macro name(parameters)`, or the parameters of a `call` block, which has no name.
    case macro(name: String?, parameters: [(name: String, preset: JinjaNode?)])
}

/// What a value is given to.
struct JinjaTarget {
    /// The variable.
    let name: String
    /// The attribute of a namespace; `nil` for the variable itself.
    let attribute: String?
    /// The line of the template, from 1.
    let line: Int
}

/// Why a template could not be read.
struct JinjaProblem: Error, Equatable {
    /// What is wrong, to be read after "the template".
    let message: String
    /// The line of the template, from 1.
    let line: Int
}
