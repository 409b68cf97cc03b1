#!/bin/sh
# List what is installed with the library: sbom/monai_ext.cdx.json (CycloneDX) and sbom/licences.md.
# usage: scripts/make_sbom.sh [FOLDER]    (default sbom)
# Both come from an environment that holds the library and what it needs, in the versions of
# constraints.txt; the tools live in another one. The JSON is the same for the same versions.
set -eu
out=${1:-sbom}
here=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT

for name in tools library; do sh "$here/scripts/make_python.sh" "$place/$name"; done
uv=$(command -v "$place/tools/bin/uv" || command -v uv)
export UV_LINK_MODE="${UV_LINK_MODE:-hardlink}"
"$uv" pip install --quiet --python "$place/tools/bin/python" cyclonedx-bom==7.5.0 pip-licenses==5.5.5
"$uv" pip install --quiet --python "$place/library/bin/python" \
    --constraint "$here/constraints.txt" "$here[cucim-cu13,onnx]"
"$uv" pip uninstall --quiet --python "$place/library/bin/python" pip uv 2>/dev/null || true

mkdir -p "$out"
"$place/tools/bin/cyclonedx-py" environment --output-reproducible --mc-type library \
    --pyproject "$here/pyproject.toml" --output-file "$out/monai_ext.cdx.json" "$place/library/bin/python"
"$place/tools/bin/pip-licenses" --python "$place/library/bin/python" --from=mixed --format=markdown \
    --with-urls --order=name --output-file "$out/licences.md" >/dev/null
echo "$out/monai_ext.cdx.json: $(grep -c '"bom-ref"' "$out/monai_ext.cdx.json") components"
echo "$out/licences.md; nothing is said of: $(grep '| UNKNOWN' "$out/licences.md" | cut -d'|' -f2 | xargs)"
