import Caches
import Formats
import Manifests

// What kagglehub keeps: the files of a version, and beside them an empty file that states that all are there.
extension UnpackPlan {
    /// Plans a kagglehub cache: the files of every version, and the markers that it is complete.
    mutating func planKagglehub(_ entries: [LockedEntry]) throws(Diagnostics) {
        var versions: [(handle: KaggleHandle, entries: [LockedEntry])] = []
        for entry in entries {
            guard case .kaggle(let handle) = entry.origin else { continue }
            if let index = versions.firstIndex(where: { $0.handle == handle }) {
                versions[index].entries.append(entry)
            } else {
                versions.append((handle, [entry]))
            }
        }
        var marked: Set<RelativePath> = []
        for (handle, entries) in versions {
            let unit = add(Unit(entries: entries.map(\.name), staging: UnpackPlan.staging))
            var seen: [RelativePath: LockedFile] = [:]
            for entry in entries {
                for file in entry.files {
                    if let present = seen.updateValue(file, forKey: file.path) {
                        guard present.sha256 == file.sha256, present.size == file.size else {
                            throw UnpackPlan.contradiction(
                                "\(handle.text) has two contents for \(quoted(file.path.text))")
                        }
                        continue
                    }
                    add(
                        file, of: entry,
                        to: try UnpackPlan.path("\(handle.dataFolder)/\(file.path)"),
                        unit: unit)
                }
            }
            // Without the marker kagglehub finds nothing offline, so it is made also where files were left
            // out. Online it then hides them, which has to be said.
            let markers = try handle.markerNames.map { name throws(Diagnostics) in
                try UnpackPlan.path("\(handle.folder)/\(name).complete")
            }
            // All versions of a notebook have one.
            for marker in markers where marked.insert(marker).inserted {
                units[unit].texts.append(Text(path: marker, bytes: []))
            }
            guard entries.allSatisfy(\.takesOnlySome), let first = entries.first, let marker = markers.first
            else { continue }
            findings.append(
                Diagnostic(
                    code: .versionPartial,
                    "\(first.name): the manifest left files of \(handle.text) out, and kagglehub will not miss them",
                    notes: ["it takes the version as complete because of \(marker)"],
                    fix: "delete the marker if you want the rest to be downloaded"))
        }
    }
}
