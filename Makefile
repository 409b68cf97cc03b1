# make demo    set up, then train and evaluate on planted-truth slides and draw what the model saw
# make test    set up, then everything that CI runs
# make setup   only the environment in .venv
# make sbom    what is installed with the library, as CycloneDX, and its licences, in sbom/
# make label   the environment of the MONAI Label server in .venv-label
PY := .venv/bin/python
export OMP_NUM_THREADS ?= 1
export CUFILE_LOGFILE_PATH ?= /dev/null

.PHONY: demo test setup sbom label check unit format constraints

setup: .venv/.ready

.venv/.ready: pyproject.toml constraints.txt
	sh scripts/setup_environment.sh

label: .venv-label/.ready

.venv-label/.ready: pyproject.toml constraints-label.txt scripts/setup_label.sh
	sh scripts/setup_label.sh

sbom:
	sh scripts/make_sbom.sh

demo: setup
	OMP_NUM_THREADS=2 $(PY) -m monai_ext demo --output runs/demo

test: check sbom label unit

check: setup
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	.venv/bin/codespell
	.venv/bin/lint-imports
	$(PY) -m pyright

unit: setup
	$(PY) -m pytest

format: setup
	$(PY) -m ruff format .
	$(PY) -m ruff check --fix .

constraints: setup
	.venv/bin/uv pip compile --quiet --universal --python-version 3.11 pyproject.toml \
	  --extra cucim-cu13 --extra dicom --group dev --no-header --no-annotate --no-emit-index-url -o constraints.txt
