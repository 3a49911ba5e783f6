import Formats
import Manifests
import ModelFacts
import PythonPackages

/// Whether everything that the wheels need is there: resolved as pip would, explained where it cannot be.
struct WheelResolution {
    private let entry: Entry
    private let environment: PythonEnvironment
    private let resolver: PackageResolver
    private let roots: [PackageResolver.Root]
    /// The wheels by the index that candidates have.
    private let wheels: [WheelFacts]
    /// The wheels of a project that do not fit, with the reason of each.
    private var unfit: [String: [(path: RelativePath, reason: String)]] = [:]
    /// Projects of which no wheel fits, and which would be installed.
    private var hopeless: [String] = []

    /// The findings; none where pip would install everything.
    static func findings(_ entry: Entry, _ wheels: [WheelFacts]) -> [Diagnostic] {
        guard let environment = entry.wheels.environment,
            let closure = WheelResolution(entry, wheels, environment)
        else { return [] }
        return closure.findings()
    }

    /// A wheel that the platform takes, with its place among those of its version.
    private struct Fit {
        let index: Int
        let file: WheelFileName
        let rank: Int
    }

    private init?(_ entry: Entry, _ wheels: [WheelFacts], _ environment: PythonEnvironment) {
        self.entry = entry
        self.environment = environment
        self.wheels = wheels
        let supported = SupportedTags(environment)
        var unfit: [String: [(path: RelativePath, reason: String)]] = [:]
        var fits: [Fit] = []
        var counts: [String: Int] = [:]
        for (index, wheel) in wheels.enumerated() where !wheel.isBroken {
            guard let file = WheelFileName(wheel.path.name) else { continue }
            counts[file.name, default: 0] += 1
            if let rank = supported.rank(file.tags) {
                fits.append(Fit(index: index, file: file, rank: rank))
            } else {
                unfit[file.name, default: []].append((wheel.path, "is for \(file.tagText)"))
            }
        }
        // Of one version pip looks at one wheel: the one with the best tag, then with the highest build.
        fits.sort { one, two in
            if one.rank != two.rank { return one.rank < two.rank }
            switch (one.file.build, two.file.build) {
            case (let one?, let two?) where one != two: return one > two
            case (_?, nil): return true
            case (nil, _?): return false
            default: return one.index < two.index
            }
        }
        var seen: [String: Set<PackageVersion>] = [:]
        var candidates: [PackageCandidate] = []
        for fit in fits where seen[fit.file.name, default: []].insert(fit.file.version).inserted {
            let wheel = wheels[fit.index]
            var takesPython = true
            // pip passes over conditions that it cannot read.
            if let text = wheel.requiresPython, let set = SpecifierSet(text),
                !set.contains(environment.fullVersion)
            {
                unfit[fit.file.name, default: []].append((wheel.path, "needs Python \(text)"))
                takesPython = false
            }
            candidates.append(
                PackageCandidate(
                    name: fit.file.name, version: fit.file.version,
                    requirements: wheel.requires.compactMap { try? Requirement(parsing: $0) },
                    extras: Set(wheel.extras.map { PackageName.normalized($0) }), index: fit.index,
                    takesPython: takesPython))
        }
        self.unfit = unfit
        resolver = PackageResolver(
            environment, candidates: candidates,
            installed: entry.wheels.installed)
        if let requires = entry.wheels.requires {
            roots = requires.compactMap { try? Requirement(parsing: $0) }.map { .requirement($0) }
            return
        }
        // As the loader asks for them: a project with one wheel by its path, one with several by its name.
        var roots: [PackageResolver.Root] = []
        for name in counts.keys.sortedByBytes() {
            let own = candidates.filter { $0.name == name && $0.takesPython }
            if own.isEmpty {
                hopeless.append(name)
            } else if counts[name] == 1 {
                roots += own.map { .candidate($0) }
            } else {
                roots.append(.requirement(Requirement(name: name)))
            }
        }
        self.roots = roots
    }

    private func findings() -> [Diagnostic] {
        let unusable = hopeless.map { name in
            Diagnostic(
                code: .wheelIncompatible,
                "\(entry.name): no wheel of \(name) fits \(entry.wheels.environmentText)",
                notes: reasons(name),
                fix:
                    "leave these out with the entry's exclude, or download the one for it: \(download(name))"
            )
        }
        switch resolver.resolve(roots) {
        case .solution: return unusable
        case .undecided:
            return unusable + [
                Diagnostic(
                    code: .wheelUndecided,
                    "\(entry.name): whether its wheels fit together was not determined in "
                        + "\(PackageResolver.mostSteps) steps",
                    fix: "leave out the versions that are not needed, with the entry's exclude",
                    verdict: .undecided)
            ]
        case .impossible(let conflict):
            let gaps = ClosureExplanation(resolver, roots).gaps.filter { !hopeless.contains($0.name) }
            if !gaps.isEmpty { return unusable + gaps.map(finding) }
            // What is needed of a project that no wheel of fits was said of the project.
            if !unusable.isEmpty { return unusable }
            let names = conflict.sortedByBytes()
            return [
                Diagnostic(
                    code: .wheelConflict,
                    "\(entry.name): there are no versions of \(names.joined(separator: ", ")) that fit together",
                    notes: names.flatMap(wants),
                    fix: "run pip install --no-index --find-links on the wheelhouse, and take other versions")
            ]
        }
    }

    // MARK: Words

    private func finding(_ gap: ClosureExplanation.Gap) -> Diagnostic {
        var needs = gap.needs.map { need in
            "\(need.index.map(title) ?? "the manifest") needs \(need.requirement.text)"
        }
        if needs.count > 8 { needs = needs.prefix(7) + ["and \(needs.count - 7) more need it"] }
        if gap.needs.contains(where: { $0.requirement.url != nil }) {
            return Diagnostic(
                code: .wheelMissing,
                "\(entry.name): \(gap.name) is needed from a URL, which pip would download",
                notes: needs, fix: "take a version of what needs it that names it by its version")
        }
        let first = gap.needs.first
        let who = first?.index.map(title) ?? "the manifest"
        let what = "\(who) needs \(first?.requirement.text ?? gap.name)"
        guard gap.versions.isEmpty, !gap.isInstalled else {
            let there = gap.versions.prefix(8).map(\.description).joined(separator: ", ")
            let place = gap.isInstalled ? "here or provided" : "here"
            return Diagnostic(
                code: .wheelConflict,
                gap.needs.count == 1
                    ? "\(entry.name): \(what), and there is \(there) \(place)"
                    : "\(entry.name): no version of \(gap.name) is right for all that need it",
                notes: needs + ["there is \(gap.name) \(there)"] + reasons(gap.name),
                fix:
                    "put a version into the wheelhouse that all of them take: \(download(gap.name, gap.needs))"
            )
        }
        guard unfit[gap.name] == nil else {
            return Diagnostic(
                code: .wheelIncompatible,
                "\(entry.name): \(what), and no wheel of it fits \(entry.wheels.environmentText)",
                notes: needs.dropFirst() + reasons(gap.name),
                fix: "download the one for it: \(download(gap.name, gap.needs))")
        }
        return Diagnostic(
            code: .wheelMissing, "\(entry.name): \(what), which is neither in the wheelhouse nor provided",
            notes: Array(needs.dropFirst()),
            fix:
                "add \"\(gap.name)\" to `provided` if the notebook has it, or put it into the wheelhouse: "
                + download(gap.name, gap.needs))
    }

    private func title(_ index: Int) -> String {
        let wheel = wheels[index]
        return "\(wheel.name ?? wheel.path.text) \(wheel.version ?? "")"
    }

    private func reasons(_ name: String) -> [String] {
        let all = (unfit[name] ?? []).map { "\($0.path) \($0.reason)" }
        return all.count > 5 ? all.prefix(4) + ["and \(all.count - 4) more"] : all
    }

    /// What the wheels of a project need of others, as far as it states versions.
    private func wants(_ name: String) -> [String] {
        wheels.indices.filter { index in
            WheelFileName(wheels[index].path.name)?.name == name && !wheels[index].isBroken
        }.prefix(4).map { index in
            let needs = wheels[index].requires.prefix(6).joined(separator: ", ")
            return "\(title(index)) needs \(needs.isEmpty ? "nothing" : needs)"
        }
    }

    /// The command that downloads a project's wheel for the notebook, into the wheelhouse where that is a directory.
    /// - Parameter needs: what is asked of its version, by all that need it.
    private func download(_ name: String, _ needs: [ClosureExplanation.Need] = []) -> String {
        var conditions: [String] = []
        for text in needs.flatMap({ $0.requirement.specifiers.specifiers }).map(\.description)
        where !conditions.contains(text) { conditions.append(text) }
        var command = "pip download --no-deps --only-binary :all:"
        if case .path(let directory)? = entry.source {
            let place = Path.join(Path.parent(entry.location.file), directory)
            command += " --dest \(ShellWord.quoted(place))"
        }
        // The manifest's reader takes no other texts for these two than words of a shell.
        command += " --python-version \(entry.wheels.python ?? WheelSettings.defaultPython)"
        for tag in entry.wheels.environment?.platform.pipTags ?? [] { command += " --platform \(tag)" }
        return command + " " + ShellWord.quoted(name + conditions.joined(separator: ","))
    }
}
