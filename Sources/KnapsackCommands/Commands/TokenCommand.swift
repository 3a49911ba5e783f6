import ArgumentParser
import Caches
import Formats
import Manifests
import Service
import Storage

/// `knapsack token`
struct TokenCommand: AsyncParsableCommand {
    /// The command's name, its help, and its own commands.
    static let configuration = CommandConfiguration(
        commandName: "token",
        abstract: "Make, list and remove the tokens by which others may use knapsack serve.",
        discussion: """
            A token is shown once, when it is made; the file keeps its SHA-256 alone. A server that runs sees every \
            change of the file.

            Examples:
              knapsack token add alice --read    # prints the token
              knapsack token list
              knapsack token remove alice
            """,
        subcommands: [Add.self, List.self, Remove.self])

    /// `knapsack token add`
    struct Add: KnapsackCommand {
        /// The command's name and its help.
        static let configuration = CommandConfiguration(
            commandName: "add",
            abstract: "Make a token, and print it.",
            discussion: """
                The token is printed on standard output, and nowhere else. Clients of the Hub take it from HF_TOKEN.

                Examples:
                  knapsack token add alice --read
                  knapsack token add ci --write --expires 30d
                  knapsack token add ci --read --token-file tokens.json
                """)

        /// Who it is for.
        @Argument(help: "Who it is for: letters, digits, '-', '.' and '_'.")
        var name: String

        /// Whether it is for looking and downloading.
        @Flag(help: "To look and to download.")
        var read = false

        /// Whether it is also for uploading and for changing what one uploaded.
        @Flag(help: "To upload, too, and to change what one uploaded.")
        var write = false

        /// Whether it is for all.
        @Flag(help: "To do all of it, also with what others uploaded.")
        var admin = false

        /// How long it counts.
        @Option(
            help: ArgumentHelp(
                "How long it counts, in minutes, hours, days or weeks: 90m, 12h, 30d, 4w. (default: until removed)",
                valueName: "time"))
        var expires: String?

        private var scope: AccessToken.Scope { admin ? .admin : write ? .write : .read }

        /// Where tokens are kept.
        @OptionGroup var file: TokenFileOptions
        /// How the result is printed.
        @OptionGroup var output: OutputOptions

        /// Refuses a name that is none, and a token for nothing; exit code 2.
        func validate() throws {
            if let problem = TokenFile.problem(inName: name) { throw ValidationError("the name \(problem)") }
            guard [read, write, admin].count(where: \.self) == 1 else {
                throw ValidationError("state what the token is for: --read, --write or --admin")
            }
            guard expires == nil || expires.flatMap(TokenLife.seconds) != nil else {
                throw ValidationError("--expires takes a time such as 90m, 12h, 30d or 4w, at most 520w")
            }
        }

        /// Writes the token's digest and prints the token; a name that has one already is a finding.
        func execute(_ session: Session) async throws {
            let path = try file.path(session.context)
            var tokens = try file.read(session.context)
            guard !tokens.contains(where: { $0.name.hasSameBytes(as: name) }) else {
                throw Diagnostics(
                    Diagnostic(
                        code: .usage, "\(name) has a token already",
                        fix: "remove it first: knapsack token remove \(name)", verdict: .undecided))
            }
            let text = AccessToken.generate()
            guard let digest = AccessToken.digest(of: text) else { throw HashingFailure() }
            let end = expires.flatMap(TokenLife.seconds).map { currentTime() / 1_000_000_000 + $0 }
            tokens.append(AccessToken(name: name, scope: scope, digest: digest, expires: end))
            try Directory.make(Path.parent(path))
            try AtomicFile.write(TokenFile.bytes(tokens), to: path)
            let until = end.map { " until \(TokenLife.text($0))" } ?? ""
            session.say("\(name) \(scope.words)\(until); the token is not shown again:")
            session.add("name", .string(name))
            session.add("token", .string(text))
            if !session.json { session.context.writeOutput(text + "\n") }
        }
    }

    /// `knapsack token list`
    struct List: KnapsackCommand {
        /// The command's name and its help.
        static let configuration = CommandConfiguration(
            commandName: "list",
            abstract: "List whose tokens there are, and what they allow.",
            discussion: """
                Examples:
                  knapsack token list
                  knapsack token list --json
                """)

        /// Where tokens are kept.
        @OptionGroup var file: TokenFileOptions
        /// How the result is printed.
        @OptionGroup var output: OutputOptions

        /// Prints names and rights.
        func execute(_ session: Session) async throws {
            let tokens = try file.read(session.context)
            let list = tokens.map { token -> JSON in
                [
                    "name": .string(token.name), "scope": .string(token.scope.rawValue),
                    "expires": token.expires.map { .string(TokenLife.text($0)) } ?? .null,
                ]
            }
            session.add("tokens", .array(list))
            if session.json { return }
            guard !tokens.isEmpty else { return session.say("there are no tokens") }
            let table = Table(
                [
                    .init(title: "NAME", canShrink: true), .init(title: "ALLOWS", canShrink: true),
                    .init(title: "UNTIL"),
                ],
                rows: tokens.map { [$0.name, $0.scope.words, TokenLife.state($0)] })
            session.context.writeOutput(table.text(width: session.context.terminal.tableWidth))
        }
    }

    /// `knapsack token remove`
    struct Remove: KnapsackCommand {
        /// The command's name and its help.
        static let configuration = CommandConfiguration(
            commandName: "remove",
            abstract: "Take a token back: no server takes it from then on.",
            discussion: """
                Examples:
                  knapsack token remove alice
                """)

        /// Whose it is.
        @Argument(help: "Whose it is.")
        var name: String

        /// Where tokens are kept.
        @OptionGroup var file: TokenFileOptions
        /// How the result is printed.
        @OptionGroup var output: OutputOptions

        /// Removes the record; a name that has no token is a finding.
        func execute(_ session: Session) async throws {
            let tokens = try file.read(session.context)
            let left = tokens.filter { !$0.name.hasSameBytes(as: name) }
            guard left.count < tokens.count else {
                throw Diagnostics(
                    Diagnostic(
                        code: .usage, "\(FileWalk.shown(name)) has no token", fix: "see knapsack token list",
                        verdict: .undecided))
            }
            try AtomicFile.write(TokenFile.bytes(left), to: try file.path(session.context))
            session.say("\(FileWalk.shown(name)) has no token any more")
        }
    }
}
