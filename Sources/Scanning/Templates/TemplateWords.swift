import Formats

/// What the chat templates of real models make use of; everything else is a finding.
///
/// Filters, tests and globals are Jinja 3's own (https://jinja.palletsprojects.com/templates) without those that
/// reach further than a template of messages has to, and what transformers adds to them; methods are those of
/// Python's texts, lists and dictionaries. Those that change a list are refused by the sandbox itself.
enum TemplateWords {
    /// Filters that a template may use.
    static let filters: Set<ExactName> = [
        "abs", "batch", "capitalize", "center", "count", "d", "default", "dictsort", "e", "escape",
        "filesizeformat",
        "first", "float", "forceescape", "format", "from_json", "fromjson", "groupby", "indent", "int",
        "items", "join",
        "last", "length", "list", "lower", "map", "max", "min", "random", "reject", "rejectattr", "replace",
        "reverse",
        "round", "safe", "select", "selectattr", "slice", "sort", "string", "striptags", "sum", "title",
        "tojson", "trim",
        "truncate", "unique", "upper", "urlencode", "urlize", "wordcount", "wordwrap", "xmlattr",
    ]

    /// Filters that look an attribute up whose name they are given.
    static let attributeFilters: Set<ExactName> = [
        "groupby", "join", "map", "max", "min", "rejectattr", "selectattr", "sort", "sum", "unique",
    ]

    /// Those whose first argument is that name.
    static let positionalAttribute: Set<ExactName> = ["groupby", "rejectattr", "selectattr", "sum"]

    /// Tests that a template may use after `is`.
    static let tests: Set<ExactName> = [
        "boolean", "callable", "defined", "divisibleby", "eq", "equalto", "escaped", "even", "false",
        "filter", "float",
        "ge", "greaterthan", "gt", "in", "integer", "iterable", "le", "lessthan", "lower", "lt", "mapping",
        "ne", "none",
        "number", "odd", "sameas", "sequence", "string", "test", "true", "undefined", "upper",
    ]

    /// Functions that every template may call.
    static let functions: Set<ExactName> = [
        "caller", "dict", "joiner", "loop", "namespace", "raise_exception", "range", "strftime_now",
    ]

    /// Names that stand for more than data: functions, and objects of Jinja's that lead to its inside.
    static let objects: Set<ExactName> = functions.union(["cycler", "lipsum", "self"])

    /// What a template may ask the `loop` of a `for` for.
    static let loopAttributes: Set<ExactName> = [
        "depth", "depth0", "first", "index", "index0", "last", "length", "nextitem", "previtem", "revindex",
        "revindex0",
    ]

    /// Methods of texts, lists and dictionaries that a template may call.
    static let methods: Set<ExactName> = [
        "append", "capitalize", "casefold", "center", "copy", "count", "endswith", "expandtabs", "extend",
        "find", "get",
        "index", "insert", "isalnum", "isalpha", "isdecimal", "isdigit", "isidentifier", "islower",
        "isnumeric", "isoformat",
        "isspace", "istitle", "isupper", "items", "join", "keys", "ljust", "lower", "lstrip", "partition",
        "pop",
        "removeprefix", "removesuffix", "replace", "rfind", "rindex", "rjust", "rpartition", "rsplit",
        "rstrip",
        "setdefault", "split", "splitlines", "startswith", "strftime", "strip", "swapcase", "title", "update",
        "upper",
        "values", "zfill",
    ]

    /// Methods and filters whose result has no letters but those of what they are called on.
    static let selecting: Set<ExactName> = [
        "copy", "get", "items", "keys", "lower", "lstrip", "partition", "pop", "removeprefix", "removesuffix",
        "rpartition", "rsplit", "rstrip", "split", "splitlines", "strip", "values", "batch", "default", "d",
        "dictsort",
        "first", "from_json", "fromjson", "groupby", "last", "list", "map", "max", "min", "reject",
        "rejectattr", "reverse",
        "select", "selectattr", "slice", "sort", "trim", "unique", "upper",
    ]

    /// Methods and filters that give a number.
    static let counting: Set<ExactName> = [
        "abs", "count", "find", "float", "index", "int", "length", "rfind", "rindex", "round", "sum",
        "wordcount",
    ]

    /// Attributes of Python's own objects without an underscore before them, which Jinja's sandbox names too.
    static let internals: Set<ExactName> = [
        "ag_await", "ag_code", "ag_frame", "co_code", "co_consts", "cr_await", "cr_code", "cr_frame",
        "f_back",
        "f_builtins", "f_code", "f_globals", "f_locals", "func_closure", "func_code", "func_defaults",
        "func_globals",
        "gi_code", "gi_frame", "gi_yieldfrom", "im_class", "im_func", "im_self", "mro", "tb_frame", "tb_next",
    ]

    /// Whether a text is the name of something that data has, and not of Python's inside.
    static func isPlain(attribute name: String) -> Bool {
        !name.utf8.starts(with: "_".utf8) && !internals.contains(name)
    }
}
