# espreset.bash - completion for bash(1)
_espreset()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} word
	local options='--port --chip --baud --crystal --sequence --hold --attempts --timeout --wait --settle --no-reset
		--no-lock --capture --json --quiet --verbose --help --version --decode --expect --fail-on --print-match
		--firmware --ota --ota-dry-run --if-needed --state-file --list --diagnose --enroll --probe-wiring --recover'

	# --option=value comes in three words.
	if [[ $cur == = ]]; then
		cur=
	elif [[ $prev == = ]]; then
		prev=${COMP_WORDS[COMP_CWORD-2]}
	fi
	COMPREPLY=()
	case $prev in
	-c|--chip)
		mapfile -t COMPREPLY < <(compgen -W 'auto esp8266 esp32 esp32s2 esp32s3 esp32c2 esp32c3 esp32c5 esp32c6
			esp32c61 esp32h2 esp32p4 esp32s31 esp32h4 esp32h21 esp32e22' -- "$cur")
		return;;
	-b|--baud)
		mapfile -t COMPREPLY < <(compgen -W '9600 57600 74880 115200 230400 460800 921600' -- "$cur")
		return;;
	--crystal)
		mapfile -t COMPREPLY < <(compgen -W '26 40' -- "$cur")
		return;;
	--sequence)
		mapfile -t COMPREPLY < <(compgen -W 'rts both dtr' -- "$cur")
		return;;
	--firmware)
		mapfile -t COMPREPLY < <(compgen -W 'arduino esphome tasmota wled micropython esp-idf list' -- "$cur")
		return;;
	--ota)
		mapfile -t COMPREPLY < <(compgen -W '@' -A hostname -- "$cur")
		return;;
	--ota-dry-run)
		mapfile -t COMPREPLY < <(compgen -A hostname -- "$cur")
		return;;
	--capture|--state-file|--decode)
		mapfile -t COMPREPLY < <(compgen -f -- "$cur")
		compopt -o filenames 2>/dev/null
		return;;
	--hold|--attempts|-t|--timeout|-w|--wait|--settle|-e|--expect|--fail-on)
		return;;
	esac
	if [[ $cur == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$options" -- "$cur")
		return
	fi
	for word in /dev/ttyUSB* /dev/ttyACM* /dev/espreset/* /dev/serial/by-id/* /dev/serial/by-path/*; do
		[[ -e $word && $word == "$cur"* ]] && COMPREPLY+=("$word")
	done
}
complete -F _espreset espreset
