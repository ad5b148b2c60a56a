# espreset.fish - completion for fish(1)
function __espreset_ports
	for port in /dev/ttyUSB* /dev/ttyACM* /dev/espreset/* /dev/serial/by-id/* /dev/serial/by-path/*
		echo $port
	end
end

complete -c espreset -f
complete -c espreset -n 'not __fish_contains_opt decode' -a '(__espreset_ports)' -d 'Port'
complete -c espreset -n '__fish_contains_opt decode' -F
complete -c espreset -s p -l port -x -a '(__espreset_ports)' -d 'The same as the argument PORT'
complete -c espreset -s c -l chip -x -a 'auto esp8266 esp32 esp32s2 esp32s3 esp32c2 esp32c3 esp32c5 esp32c6 esp32c61 esp32h2 esp32p4 esp32s31 esp32h4 esp32h21 esp32e22' -d 'The chip that is expected'
complete -c espreset -s b -l baud -x -a '9600 57600 74880 115200 230400 460800 921600' -d 'The speed of the application, found if not given'
complete -c espreset -l crystal -x -a '26 40' -d 'Crystal in MHz, a hint'
complete -c espreset -l sequence -x -a 'rts both dtr' -d 'How to drive the lines'
complete -c espreset -l hold -x -d 'How long reset is held'
complete -c espreset -l attempts -x -d 'How often to try'
complete -c espreset -s t -l timeout -x -d 'How long the verdict may take'
complete -c espreset -s w -l wait -x -d 'How long a missing or busy PORT may take'
complete -c espreset -l settle -x -d 'How long nothing may go wrong after the load'
complete -c espreset -l no-reset -d 'Drive no line; judge the next reset, whoever makes it'
complete -c espreset -l no-lock -d 'Do not lock the port'
complete -c espreset -l capture -r -F -d 'Write every received byte, raw'
complete -c espreset -s j -l json -d 'JSON Lines'
complete -c espreset -s q -l quiet -d 'Print nothing but usage errors'
complete -c espreset -s v -l verbose -d 'Say what is done and seen'
complete -c espreset -s h -l help -d 'Print a summary'
complete -c espreset -s V -l version -d 'Print the version'
complete -c espreset -l decode -d 'The verdict on a captured boot log'
complete -c espreset -s e -l expect -x -d 'Wait for a line that matches'
complete -c espreset -l fail-on -x -d 'Fail when a line matches'
complete -c espreset -l print-match -d 'Print group 1 of the first match'
complete -c espreset -l firmware -x -a 'arduino esphome tasmota wled micropython esp-idf list' -d 'The lines and the protocol that go with a firmware'
complete -c espreset -l ota -x -a '@ (__fish_print_hostnames)' -d 'Wait until the update service listens'
complete -c espreset -l ota-dry-run -x -a '(__fish_print_hostnames)' -d 'Ask the board itself whether it would refuse'
complete -c espreset -l if-needed -d 'No reset if the dry run needs none'
complete -c espreset -l state-file -r -F -d 'Write the result'
complete -c espreset -s l -l list -d 'List boards and bridges'
complete -c espreset -l diagnose -d 'What is wrong with this port, and the cure'
complete -c espreset -l enroll -d 'Print the udev rule that names this board'
complete -c espreset -l probe-wiring -d 'Find out which line resets this board'
complete -c espreset -l recover -d 'Get a wedged bridge or board back'
