#!/bin/sh
# Make the environment of the MONAI Label server: MONAI Label's own pins do not go with the project's.
# usage: scripts/setup_label.sh [FOLDER]    (default .venv-label)
set -eu
venv=${1:-.venv-label}
here=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)

sh "$here/scripts/make_python.sh" "$venv"
uv=$(command -v "$venv/bin/uv" || command -v uv)
install() { UV_LINK_MODE=${UV_LINK_MODE:-hardlink} "$uv" pip install --quiet --python "$venv/bin/python" \
    --constraint "$here/constraints-label.txt" "$@"; }

# These ask for packages that are only used for radiology, or do not go together (sam2, numpymaxflow,
# newer pydicom); what a slide server needs of theirs is in the list below.
install --no-deps monailabel pydicom-seg highdicom dicomweb-client
install --editable "$here" 'monai[fire,ignite,nibabel,openslide,pillow,psutil,skimage,tqdm]' \
    SimpleITK bcrypt cachetools einops expiring_dict expiringdict fastapi filelock girder-client \
    google-auth httpx itk jsonschema opencv-python-headless passlib pillow-jpls pydantic \
    pydantic-settings pydicom pyjwt pynetdicom pynrrd python-dotenv python-multipart pyyaml requests \
    requests-toolbelt retrying schedule timeloop urllib3 uvicorn watchdog
touch "$venv/.ready"
